// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

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
    logLevel.apply();
  }
}
