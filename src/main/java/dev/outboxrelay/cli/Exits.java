// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

/** How {@code --help} of the commands tells the exit codes of {@link ExitCode}. */
final class Exits {
  static final String HEADING = "%nExit codes:%n";
  static final String EXAMPLES = "%nExamples:%n";
  static final String OK = "0:Done.";
  static final String USAGE = "2:A flag or a name is wrong.";
  static final String SCHEMA = "4, 5, 6, 10:The schema outbox is missing, older, newer, not ours.";
  static final String UNREACHABLE = "7:The database could not be used.";
  static final String REFUSED = "8:The database refuses: the login, a right, or the statement.";

  private Exits() {}
}
