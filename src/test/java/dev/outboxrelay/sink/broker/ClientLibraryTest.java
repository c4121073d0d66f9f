// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ClientLibraryTest {

  @Test
  void library_thatIsNotThere_isNamedWithItsFolder() {
    IllegalArgumentException missing =
        assertThrows(
            IllegalArgumentException.class,
            () -> new ClientLibrary("org.example.Absent", "absent-client", "absent").require());
    assertEquals(
        "absent-client is not part of this installation: start bin/outbox-relay of the"
            + " distribution, which has it in lib/absent",
        missing.getMessage());
  }
}
