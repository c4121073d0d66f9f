// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LongTableTest {
  private static final long NONE = -1;

  @Test
  void table_anyOperations_holdsWhatAMapHolds() {
    Random random = new Random(6);
    for (int round = 0; round < 20; round++) {
      LongTable table = new LongTable();
      Map<Long, Long> map = new HashMap<>();
      for (int i = 0; i < 20_000; i++) {
        long id = random.nextInt(500) - 250;
        long value = random.nextInt(3);
        if (random.nextBoolean()) {
          table.put(id, value);
          map.put(id, value);
        } else {
          table.remove(id, value);
          map.remove(id, value);
        }
      }
      assertEquals(map.size(), table.size());
      for (long id = -250; id < 250; id++) {
        assertEquals(map.getOrDefault(id, NONE), table.get(id, NONE));
      }
    }
  }

  @Test
  void remove_otherValue_leavesIt() {
    LongTable table = new LongTable();
    table.put(5, 1);
    table.remove(5, 2);
    assertEquals(1, table.get(5, NONE));
  }
}
