// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Which of two snapshots was taken first. */
final class SnapshotsTest {
  @Test
  void oldest_ofSeveral_isTheOneThatShowsLeast() {
    List<String> inOrder = List.of("3:9:3,7", "3:9:3", "9:9:", "9:10:9", "10:10:");
    for (int from = 0; from < inOrder.size(); from++) {
      List<String> later = inOrder.subList(from, inOrder.size());
      assertEquals(inOrder.get(from), Snapshots.oldest(later));
      assertEquals(inOrder.get(from), Snapshots.oldest(new java.util.ArrayList<>(later)));
      for (String other : later.subList(1, later.size())) {
        assertTrue(Snapshots.isBefore(inOrder.get(from), other));
        assertFalse(Snapshots.isBefore(other, inOrder.get(from)));
      }
    }
  }

  @Test
  void between_twoSnapshots_countsTransactions() {
    assertEquals(7, Snapshots.between("3:9:3,7", "12:16:"));
  }
}
