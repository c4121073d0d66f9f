// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class MomentTest {
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "2026-11-22T06:05:00Z, 2026-11-22T06:05:00Z",
    "2026-11-22T06:05:00.5+02:00, 2026-11-22T04:05:00.500Z",
    "2026-11-22T06:05, 2026-11-22T06:05:00Z",
    "2026-11-22 06:05:07, 2026-11-22T06:05:07Z",
    "2026-11-22, 2026-11-22T00:00:00Z",
    "2h, 2026-11-22T10:00:00Z",
    "1d, 2026-11-21T12:00:00Z"
  })
  void time_asPeopleGiveIt_isRead(String text, Instant time) {
    assertEquals(time, new Moment.Converter().convert(text).before(NOW));
  }

  @ParameterizedTest
  @ValueSource(strings = {"noon", "2026-13-01", "2026-11-22T25:00:00Z", "22.11.2026", ""})
  void time_nonsense_isRefusedWithTheValue(String text) {
    String words =
        String.valueOf(
            assertThrows(TypeConversionException.class, () -> new Moment.Converter().convert(text))
                .getMessage());
    assertTrue(words.startsWith("'" + text + "' is no time; write "), words);
  }
}
