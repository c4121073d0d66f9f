// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A message as a person names it: by its number, {@code 1042}, or as receivers and the log say it,
 * {@code 1042-hoe22fla2o}.
 *
 * @param text as it was given
 * @param number the first part
 * @param whole the whole, null for a number alone
 */
public record MessageName(String text, long number, @Nullable String whole) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,19})(-[0-9a-z]{1,13})?");

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException when it has neither form
   */
  public static MessageName of(String text) {
    Matcher form = FORM.matcher(text);
    if (form.matches()) {
      try {
        long number = Long.parseLong(form.group(1));
        return new MessageName(text, number, form.group(2) == null ? null : text);
      } catch (NumberFormatException e) {
        // Too large: no id either.
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is not a message's id; write 1042, or 1042-hoe22fla2o as receivers say it");
  }
}
