package dev.outboxrelay.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The flags that every command has. */
final class CommonOptions {
  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "What is logged, to standard error: error, warn, info or debug.")
  LogLevel logLevel = LogLevel.INFO;

  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  /** Makes the settings effective; the first thing that a command does. */
  void apply() {
    if (LoggerFactory.getLogger("dev.outboxrelay") instanceof Logger logger) {
      logger.setLevel(Level.toLevel(logLevel.name()));
    }
  }
}
