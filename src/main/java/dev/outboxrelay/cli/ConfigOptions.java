// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import picocli.CommandLine;
import picocli.CommandLine.Option;

/** What a command does about its settings instead of its work. */
@WithoutVariables
final class ConfigOptions {
  private static final String PRINT = "--print-config";

  @Option(
      names = PRINT,
      description = {
        "Prints the settings in force and where each comes from, without passwords,",
        "and does nothing else."
      })
  boolean print;

  static boolean isToPrint(CommandLine command) {
    return command.getParseResult().hasMatchedOption(PRINT);
  }
}
