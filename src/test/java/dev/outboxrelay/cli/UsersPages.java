// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Every page that users read: all but the internals and CONTRIBUTING. */
final class UsersPages {
  private UsersPages() {}

  static List<Path> all() throws IOException {
    try (Stream<Path> docs = Files.walk(Path.of("docs"));
        Stream<Path> examples = Files.walk(Path.of("examples"));
        Stream<Path> top = Files.list(Path.of(""))) {
      return Stream.of(docs, examples, top)
          .flatMap(files -> files)
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !file.startsWith(Path.of("docs", "internals")))
          .filter(file -> !file.equals(Path.of("CONTRIBUTING.md")))
          .sorted()
          .toList();
    }
  }
}
