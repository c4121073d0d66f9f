// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.Map;
import java.util.Optional;

/**
 * Arguments and variables that the Java runtime could not read. It reads them by the locale of the
 * process, and in the locale {@code C} puts U+FFFD for each byte of a letter that is not ASCII: a
 * password would be refused, and a file not found, without a word on why.
 */
final class Illegible {
  private static final char UNREADABLE = '\uFFFD';

  private Illegible() {}

  /**
   * @return what to tell the user, empty when everything could be read
   */
  static Optional<String> find(String[] args, Map<String, String> variables) {
    for (int i = 0; i < args.length; i++) {
      if (isIllegible(args[i])) {
        return Optional.of(message(name(args, i)));
      }
    }
    return variables.entrySet().stream()
        .filter(variable -> variable.getKey().startsWith(Environment.PREFIX))
        .filter(variable -> isIllegible(variable.getValue()))
        .map(variable -> message(variable.getKey()))
        .sorted()
        .findFirst();
  }

  private static boolean isIllegible(String text) {
    return text.indexOf(UNREADABLE) >= 0;
  }

  /** The value may be a secret: only the flag is shown, or the number of the argument. */
  private static String name(String[] args, int index) {
    String flag = args[index].replaceFirst("=.*", "");
    if (flag.startsWith("-") && !isIllegible(flag)) {
      return flag;
    }
    return index > 0 && args[index - 1].startsWith("-")
        ? args[index - 1].replaceFirst("=.*", "")
        : "argument " + (index + 1);
  }

  private static String message(String name) {
    return name
        + " holds letters that cannot be read in the locale of this process: start it with"
        + " LC_ALL=C.UTF-8";
  }
}
