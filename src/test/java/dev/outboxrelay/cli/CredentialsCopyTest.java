// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a refused login ends a process that cannot see another password. */
final class CredentialsCopyTest {
  @TempDir Path runtime;
  private long nanos;

  private Optional<CredentialsCopy> copy(Path file, Map<String, String> variables) {
    return CredentialsCopy.of(file, new Environment(variables), () -> nanos);
  }

  private CredentialsCopy copy() {
    return copy(
            Path.of("/run/credentials/outbox-relay.service/database-password"),
            Map.of(
                "CREDENTIALS_DIRECTORY",
                "/run/credentials/outbox-relay.service",
                "RUNTIME_DIRECTORY",
                runtime + ":/run/other"))
        .orElseThrow();
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  @Test
  void file_outsideOfTheCredentials_isNoCopy() {
    Map<String, String> systemd = Map.of("CREDENTIALS_DIRECTORY", "/run/credentials/relay");
    assertEquals(Optional.empty(), copy(Path.of("/etc/password"), systemd));
    assertEquals(Optional.empty(), copy(Path.of("/run/credentials/relay/../x"), systemd));
    assertEquals(Optional.empty(), copy(null, systemd));
    assertEquals(Optional.empty(), copy(Path.of("/run/credentials/relay/x"), Map.of()));
    assertTrue(copy(Path.of("/run/credentials/relay/x"), systemd).isPresent());
  }

  @Test
  void refusal_thatLasts_startsAgainAndLeavesAMark() {
    CredentialsCopy copy = copy();
    assertEquals(Optional.empty(), copy.refused("no"));
    pass(Duration.ofSeconds(4));
    assertEquals(Optional.empty(), copy.refused("no"));
    assertFalse(copy().isStartedAgain());
    pass(Duration.ofSeconds(2));
    assertEquals(ExitCode.START_AGAIN, copy.refused("no").orElseThrow().exitCode());
    assertTrue(copy().isStartedAgain());
    copy().accepted();
    assertFalse(copy().isStartedAgain());
  }

  @Test
  void refusal_thatPassed_countsAnew() {
    CredentialsCopy copy = copy();
    copy.refused("no");
    pass(Duration.ofSeconds(4));
    copy.accepted();
    pass(Duration.ofSeconds(4));
    assertEquals(Optional.empty(), copy.refused("no"));
  }
}
