// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class HarmlessTest {

  @Test
  void text_thatSteersATerminal_isEscaped() {
    assertEquals("\\u001b[2J\\u0007\\u009b31m", Harmless.text("\u001b[2J\u0007\u009b31m"));
    assertEquals("a\\nb\\r\\tc", Harmless.text("a\nb\r\tc"));
  }

  @Test
  void text_thatTurnsTheWritingRoundOrIsInvisible_isEscaped() {
    assertEquals("\\u202eabc\\u2066\\u200b\\ufeff", Harmless.text("\u202eabc\u2066\u200b\ufeff"));
    assertEquals("\\ud800", Harmless.text("\ud800"));
    assertEquals("\\u2028", Harmless.text("\u2028"));
  }

  @Test
  void text_ofAllLanguages_staysAsItIs() {
    String text = "Größe \u6f22\u5b57 \ud83d\ude00 e\u0301";
    assertEquals(text, Harmless.text(text));
  }

  /** Whatever a character is, what is shown is no control character. */
  @Test
  void text_ofEachCharacter_holdsNoControl() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      String shown = Harmless.text(Character.toString(c));
      assertTrue(shown.codePoints().noneMatch(Character::isISOControl), "U+" + c);
    }
  }

  @Test
  void cut_longText_keepsSoManyColumns() {
    assertEquals("abcd", Harmless.cut("abcd", 4));
    assertEquals("abc…", Harmless.cut("abcde", 4));
    assertEquals("\u6f22…", Harmless.cut("\u6f22\u6f22\u6f22", 4));
    assertEquals("\ud83d\ude00…", Harmless.cut("\ud83d\ude00\ud83d\ude00\ud83d\ude00", 4));
  }
}
