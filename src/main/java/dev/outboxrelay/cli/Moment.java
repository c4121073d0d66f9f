// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A time as people give it: {@code 2026-11-22T12:00:00Z}, without a zone in UTC, without a time at
 * midnight, or so long ago, {@code 2h}.
 *
 * @param at null when it is told by its distance
 * @param ago null when it is told by itself
 */
record Moment(@Nullable Instant at, @Nullable Duration ago) {

  /** By the clock that rows were written by. */
  Instant before(Instant now) {
    return at != null ? at : now.minus(ago == null ? Duration.ZERO : ago);
  }

  /** Reads it. */
  static final class Converter implements ITypeConverter<Moment> {
    @Override
    public Moment convert(String value) {
      String text = value.strip().replace(' ', 'T');
      try {
        if (text.matches("\\d{4}-\\d\\d-\\d\\d")) {
          return at(LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC));
        }
        if (text.matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+")) {
          return at(LocalDateTime.parse(text).toInstant(ZoneOffset.UTC));
        }
        if (text.matches("\\d{4}-\\d\\d-\\d\\dT.+")) {
          return at(OffsetDateTime.parse(text).toInstant());
        }
        return new Moment(null, new DurationConverter().convert(value));
      } catch (DateTimeException | TypeConversionException e) {
        throw new TypeConversionException(
            "'"
                + value
                + "' is no time; write 2026-11-22T12:00:00Z, 2026-11-22, or 2h for two"
                + " hours ago");
      }
    }

    private static Moment at(Instant at) {
      return new Moment(at, null);
    }
  }
}
