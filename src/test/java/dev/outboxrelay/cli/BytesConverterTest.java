// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class BytesConverterTest {
  private final BytesConverter converter = new BytesConverter();

  @ParameterizedTest
  @CsvSource({
    "65536, 65536",
    "100b, 100",
    "512kB, 524288",
    "64MB, 67108864",
    "64 MiB, 67108864",
    "1g, 1073741824"
  })
  void convert_wellFormed_isRead(String text, long bytes) {
    assertEquals(bytes, converter.convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MB", "-1", "1.5MB", "1TB", "64 megabytes", "1i"})
  void convert_nonsense_isRefusedWithTheValue(String text) {
    TypeConversionException refused =
        assertThrows(TypeConversionException.class, () -> converter.convert(text));
    assertTrue(refused.getMessage().contains("'" + text + "'"), refused.getMessage());
  }
}
