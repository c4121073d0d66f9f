package dev.outboxrelay.cli;

/** How much is logged of our own doing. */
enum LogLevel {
  ERROR,
  WARN,
  INFO,
  DEBUG
}
