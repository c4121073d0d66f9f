// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import org.slf4j.LoggerFactory;

/** How a line of the log is written. */
enum LogFormat {
  TEXT,
  JSON;

  /** From now on; text is what the log begins with. */
  void apply() {
    if (this == JSON
        && LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root
        && appender(root) instanceof OutputStreamAppender<ILoggingEvent> appender) {
      EcsEncoder encoder = new EcsEncoder();
      encoder.setContext(root.getLoggerContext());
      encoder.start();
      appender.setEncoder(encoder);
      StandardError.writeJson();
    }
  }

  private static Appender<ILoggingEvent> appender(Logger root) {
    return root.getAppender("stderr");
  }
}
