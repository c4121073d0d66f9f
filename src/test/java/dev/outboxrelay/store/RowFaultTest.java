// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RowFaultTest {

  /** Malformed text, a character without equal, a program's limit, damaged data. */
  @ParameterizedTest
  @ValueSource(strings = {"22021", "22P05", "54000", "XX001", "XX002"})
  void error_ofWhatIsStored_isTheRows(String state) {
    assertTrue(RowFault.is(new SQLException("no", state)));
    assertTrue(RowFault.mayBe(new SQLException("no", state)));
  }

  /** Memory, disk, connection, rights, locks, a cancelled statement. */
  @ParameterizedTest
  @ValueSource(strings = {"53200", "53100", "08006", "42501", "55P03", "57014"})
  void error_thatPassesOrIsTheStatements_isNot(String state) {
    assertFalse(RowFault.mayBe(new SQLException("no", state)));
  }

  @Test
  void error_internal_mayBeTheRowsOrNot() {
    SQLException internal = new SQLException("no", "XX000");
    assertFalse(RowFault.is(internal));
    assertTrue(RowFault.mayBe(internal));
  }

  @Test
  void error_withoutState_isNot() {
    assertFalse(RowFault.is(new SQLException("no")));
  }

  @Test
  void words_ofSeveralLines_areTheFirst() {
    assertEquals(
        "the row cannot be read: ERROR: bad (SQLSTATE 22021)",
        RowFault.words(new SQLException("ERROR: bad\n  Where: somewhere", "22021")));
  }
}
