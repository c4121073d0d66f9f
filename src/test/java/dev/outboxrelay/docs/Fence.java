// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import java.util.Optional;

/**
 * A fenced block of a page, or a comment that is run unseen.
 *
 * @param line where it begins, from 1
 * @param language what stands after the three backticks; {@code setup} for a comment
 * @param mark the comment directly before it, empty when there is none
 * @param text its lines
 */
record Fence(int line, String language, String mark, String text) {
  private static final String NOT_RUN = "not run: ";
  private static final String FILE = "file: ";

  /** Why it is not run. */
  Optional<String> notRun() {
    return after(NOT_RUN);
  }

  /** The file that it is the content of. */
  Optional<String> file() {
    return after(FILE);
  }

  private Optional<String> after(String word) {
    return mark.startsWith(word) ? Optional.of(mark.substring(word.length())) : Optional.empty();
  }

  /** Whether it is something to type. */
  boolean isRun() {
    return language.equals("sql") || language.equals("sh") || language.equals("setup");
  }
}
