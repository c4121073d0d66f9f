// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

final class StorableTest {

  @Test
  void text_withWhatCannotBeStored_losesIt() {
    assertEquals("ab", ErrorText.storable("a\0b\ud83d"));
    assertEquals("a\ud83d\ude00b", ErrorText.storable("a\ud83d\ude00b\ude00"));
    assertNull(ErrorText.storable(null));
  }

  @Test
  void text_tooLong_isCutBetweenCharacters() {
    assertEquals(1000, String.valueOf(ErrorText.storable("x".repeat(2000))).length());
    assertEquals(
        "x".repeat(999), ErrorText.storable("x".repeat(999) + "\ud83d\ude00" + "y".repeat(9)));
  }
}
