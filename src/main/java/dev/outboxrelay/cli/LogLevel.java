// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** How much is logged. */
enum LogLevel {
  ERROR,
  WARN,
  INFO,
  DEBUG;

  /** Our own logs at this level; the libraries' at WARN, or at ERROR when that is asked for. */
  void apply() {
    level("dev.outboxrelay", Level.toLevel(name()));
    level(org.slf4j.Logger.ROOT_LOGGER_NAME, this == ERROR ? Level.ERROR : Level.WARN);
  }

  private static void level(String logger, Level level) {
    if (LoggerFactory.getLogger(logger) instanceof Logger logback) {
      logback.setLevel(level);
    }
  }
}
