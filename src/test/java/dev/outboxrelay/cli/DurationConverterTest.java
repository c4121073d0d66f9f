// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.values.Durations;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class DurationConverterTest {
  private final DurationConverter converter = new DurationConverter();

  @ParameterizedTest
  @CsvSource({
    "500ms, 500",
    "10s, 10000",
    "10 S, 10000",
    "1m, 60000",
    "PT1M, 60000",
    "pt0.25s, 250",
    "2h, 7200000",
    "1d, 86400000",
    "off, 0",
    "0s, 0"
  })
  void convert_wellFormed_isRead(String text, long millis) {
    assertEquals(Duration.ofMillis(millis), converter.convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "10x", "-1s", "PT-1M", "1.5s", "1s2", "9999999999999s"})
  void convert_nonsense_isRefusedWithTheValueAndTheForms(String text) {
    TypeConversionException refused =
        assertThrows(TypeConversionException.class, () -> converter.convert(text));
    assertTrue(refused.getMessage().contains("'" + text + "'"), refused.getMessage());
    assertTrue(refused.getMessage().contains("10s"), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"500ms", "10s", "1m", "90s", "2h", "1d", "0s"})
  void format_ofWhatWasRead_isTheSame(String text) {
    assertEquals(text, Durations.text(converter.convert(text)));
  }
}
