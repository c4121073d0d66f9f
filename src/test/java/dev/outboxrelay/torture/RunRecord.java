// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.LocalTime;
import java.time.ZoneOffset;

/** A file that says what happened in a run, by the time of day as the relays' logs do. */
final class RunRecord {
  private final Path file;

  RunRecord(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.deleteIfExists(file);
    this.file = file;
  }

  synchronized void say(String what) {
    String line = LocalTime.now(Clock.system(ZoneOffset.UTC)) + " " + what + "\n";
    try {
      Files.write(
          file,
          line.getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
