// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a relay wrote while it was measured: a figure of a relay that failed inside is none. */
record RelayLogFile(Path path) {
  /**
   * An event of level ERROR, what a thread died of, or the head of a stack trace: those are logged
   * for bugs alone, whatever the level.
   */
  private static final Pattern FAULT =
      Pattern.compile(
          "\\S+ ERROR .*|Exception in thread .*|Exception: .*|# A fatal error .*"
              + "|(Caused by: )?([\\w$]+\\.)+[\\w$]*(Exception|Error)\\b.*");

  private static final Pattern WARNING = Pattern.compile("\\S+ WARN .*");

  /** The first line that tells of a fault. */
  Optional<String> fault() throws IOException {
    return lines(FAULT).stream().findFirst();
  }

  /** Fails when there is a fault. */
  void requireNoFault() throws IOException {
    Optional<String> fault = fault();
    if (fault.isPresent()) {
      throw new IllegalStateException(
          "the relay's log " + path.getFileName() + " holds a fault: " + fault.get());
    }
  }

  /** What a person should look at. */
  List<String> warnings() throws IOException {
    return lines(WARNING);
  }

  private List<String> lines(Pattern like) throws IOException {
    if (!Files.exists(path)) {
      return List.of();
    }
    return Files.readAllLines(path, StandardCharsets.UTF_8).stream()
        .filter(line -> like.matcher(line).matches())
        .toList();
  }
}
