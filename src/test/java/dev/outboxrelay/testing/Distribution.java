// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The distribution that {@code mvn package} makes, unpacked. */
public final class Distribution {
  private static final Path TARGET = Path.of("target").toAbsolutePath();
  private static final String ADD_ON = "-demo";

  private final Path home;

  private Distribution(Path home) {
    this.home = home;
  }

  /** As the build leaves it beside the archive. */
  public static Distribution unpacked() throws IOException {
    return new Distribution(only(only(TARGET, ""), ""));
  }

  /** Out of the archive, with {@code tar}, as a user does it. */
  public static Distribution unpack(Path into) throws Exception {
    extract(only(TARGET, ".tar.gz"), into);
    return new Distribution(only(into, ""));
  }

  /** Unpacks the add-on for the demo over it. */
  public void addDemo() throws Exception {
    extract(only(TARGET, ADD_ON + ".tar.gz"), home.getParent());
  }

  private static void extract(Path archive, Path into) throws Exception {
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", into.toString())
            .inheritIO()
            .start();
    if (tar.waitFor() != 0) {
      throw new AssertionError("tar does not unpack " + archive);
    }
  }

  /** The one entry outbox-relay-VERSION with this end; a directory where there is no end. */
  private static Path only(Path folder, String end) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> found =
          entries
              .filter(
                  entry -> {
                    String name = entry.getFileName().toString();
                    return name.startsWith("outbox-relay-")
                        && name.endsWith(end)
                        && name.contains(ADD_ON) == end.startsWith(ADD_ON)
                        && Files.isDirectory(entry) == end.isEmpty();
                  })
              .toList();
      if (found.size() != 1) {
        throw new AssertionError(
            folder + " holds " + found + ", not one distribution: mvn clean package makes it");
      }
      return found.get(0);
    }
  }

  public Path home() {
    return home;
  }

  public Path launcher() {
    return home.resolve("bin/outbox-relay");
  }
}
