// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.SystemdUnit;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which exit codes the unit starts the relay again after; with processes: SystemdUnitIT. */
final class SystemdUnitTest {
  /** A person must mend something first. */
  private static final Set<Integer> FOR_A_PERSON =
      Set.of(
          ExitCode.USAGE,
          ExitCode.SCHEMA_MISSING,
          ExitCode.SCHEMA_OLDER,
          ExitCode.SCHEMA_NEWER,
          ExitCode.SCHEMA_FOREIGN,
          ExitCode.REFUSED);

  @Test
  void code_ofOurs_isStartedAgainUnlessAPersonIsNeeded() throws Exception {
    SystemdUnit unit = SystemdUnit.read();
    for (int code : ExitCodeTest.all()) {
      boolean again = code != ExitCode.OK && !FOR_A_PERSON.contains(code);
      assertEquals(again, unit.startsAgainAfter(code, false), "exit code " + code);
    }
  }

  /** Could not start, memory gone, and the runtime's own way to report a signal. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 129, 134, 137})
  void code_ofTheJavaRuntime_isStartedAgain(int code) throws Exception {
    assertTrue(SystemdUnit.read().startsAgainAfter(code, false));
  }

  /** SIGABRT, SIGBUS, SIGKILL, SIGSEGV: a crash of the runtime, and the kernel out of memory. */
  @ParameterizedTest
  @ValueSource(ints = {134, 135, 137, 139})
  void signal_thatNobodySendsToStop_isStartedAgain(int exit) throws Exception {
    assertTrue(SystemdUnit.read().startsAgainAfter(exit, true));
  }

  @Test
  void end_inOrder_isNotStartedAgain() throws Exception {
    assertFalse(SystemdUnit.read().startsAgainAfter(ExitCode.OK, false));
  }

  /** With a limit, a relay that was started five times in a minute would stay down for ever. */
  @Test
  void starts_ofTheUnit_haveNoLimit() throws Exception {
    assertEquals(List.of("0"), SystemdUnit.read().values("StartLimitIntervalSec"));
  }
}
