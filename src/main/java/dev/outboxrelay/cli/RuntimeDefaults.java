// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.Locale;
import java.util.TimeZone;

/**
 * What the Java runtime takes from the machine, the user and its flags, and what the program sets
 * for itself, so that it does the same wherever it runs.
 *
 * <p>The time zone: the driver sends its name to the server at each login, and a server that does
 * not know the name refuses. The locale: it has digits and lower case letters of its own, which
 * would stand in messages, and Java code beside ours writes numbers in it.
 */
final class RuntimeDefaults {
  private RuntimeDefaults() {}

  /** To be called before anything else: others may keep what they find. */
  static void set() {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    Locale.setDefault(Locale.ROOT);
  }
}
