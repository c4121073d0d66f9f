// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads sizes: {@code 65536}, {@code 512kB}, {@code 64MB}, {@code 1GB}. As in PostgreSQL's own
 * settings, a kB is 1,024 bytes; kiB, MiB and GiB mean the same.
 */
final class BytesConverter implements ITypeConverter<Long> {
  private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d{1,10})\\s*(?:([kmg])i?)?b?");

  @Override
  public Long convert(String value) {
    Matcher matcher = NUMBER_AND_UNIT.matcher(value.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + value + "' is not a size; write it as 65536, 512kB, 64MB or 1GB");
    }
    String unit = matcher.group(2) == null ? "" : matcher.group(2);
    int shift =
        switch (unit) {
          case "k" -> 10;
          case "m" -> 20;
          case "g" -> 30;
          default -> 0;
        };
    return Long.parseLong(matcher.group(1)) << shift;
  }
}
