// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.Console;

/** Whether a person looks at what is printed. */
final class Terminal {
  private Terminal() {}

  static boolean isThere() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      // Before Java 22 there is a console on a terminal alone.
      return true;
    }
  }
}
