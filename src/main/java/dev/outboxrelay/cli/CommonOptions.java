// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that every command has. */
final class CommonOptions {
  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "What is logged, to standard error: error, warn, info or debug.")
  LogLevel logLevel = LogLevel.INFO;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "How it is logged: text, or json with the names of ECS.")
  LogFormat logFormat = LogFormat.TEXT;

  /** Read before the command line is, for it holds what the flags are without it. */
  @Option(
      names = ConfigFile.FLAG,
      paramLabel = "FILE",
      description = {
        "A file of settings, named as the flags are: sweep = 30s.",
        "Variables and flags win over it."
      })
  @Nullable Path config;

  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  /** Makes the settings effective; the first thing that a command does. */
  void apply() {
    logLevel.apply();
    logFormat.apply();
  }
}
