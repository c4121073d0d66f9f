// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireIdTest {

  @Test
  void text_isTheNumberAndTheMicrosecondInBase36() {
    assertEquals("1042-hoe22fla2o", new WireId(1042, 1_795_327_500_123_456L).toString());
    assertEquals("1-0", new WireId(1, 0).toString());
  }

  @Test
  void anyPair_isReadBackFromItsText() {
    Random random = new Random(5);
    for (int round = 0; round < 100_000; round++) {
      long id = random.nextLong() >>> 1 + random.nextInt(63);
      long stamp = random.nextLong() >>> 1 + random.nextInt(63);
      WireId made = new WireId(id, stamp);
      assertEquals(made, WireId.parse(made.toString()));
      assertTrue(made.toString().matches("[0-9a-z]+-[0-9a-z]+"), made::toString);
    }
    WireId largest = new WireId(Long.MAX_VALUE, Long.MAX_VALUE);
    assertEquals(largest, WireId.parse(largest.toString()));
  }

  /** Each pair has one text: otherwise a receiver would take one change for two. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "1",
        "1-",
        "-1",
        "01-0",
        "1-00",
        "1-01",
        "1-A",
        "1-0-0",
        " 1-0",
        "1-0 ",
        "+1-0",
        "1a-0",
        "1.0",
        "1-\u0661",
        "\u0661-0",
        "9223372036854775808-0",
        "1-1y2p0ij32e8e8",
        "99999999999999999999-0",
        "1-zzzzzzzzzzzzzz"
      })
  void anyOtherText_isNoId(String text) {
    assertNull(WireId.parse(text));
  }

  @Test
  void stamp_ofATimeThatNoClockShows_is0() {
    assertEquals(0, WireId.stamp(-1));
    assertEquals(0, WireId.stamp(Long.MIN_VALUE));
    assertEquals(0, WireId.stamp(253_402_300_800_000_000L));
    assertEquals(0, WireId.stamp(Long.MAX_VALUE));
    assertEquals(253_402_300_799_999_999L, WireId.stamp(253_402_300_799_999_999L));
    assertEquals(1, WireId.stamp(1));
  }
}
