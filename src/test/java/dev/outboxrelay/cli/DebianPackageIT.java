// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Distribution;
import dev.outboxrelay.testing.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The package for Debian, unpacked by Debian's tool where it is there. */
final class DebianPackageIT {
  @TempDir Path folder;
  private Path root;

  @BeforeEach
  void unpack() throws Exception {
    assumeTrue(Program.exists("dpkg-deb"), "NOT TESTED: the .deb, for there is no dpkg-deb");
    root = folder.resolve("root");
    run("dpkg-deb", "--raw-extract", deb().toString(), root.toString());
  }

  private static Path deb() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      List<Path> found = files.filter(file -> file.toString().endsWith("_all.deb")).toList();
      assertEquals(1, found.size(), "one package: " + found);
      return found.get(0);
    }
  }

  private String run(String... command) throws Exception {
    Path output = Files.createTempFile(folder, "output", "");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int code = process.waitFor();
    String said = Files.readString(output);
    assertEquals(0, code, String.join(" ", command) + ": " + said);
    return said;
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void package_holdsTheDistribution_andWhatTheSystemLooksFor() throws Exception {
    Path home = root.resolve("opt/outbox-relay");
    assertEquals(names(Distribution.unpacked().home()), names(home));
    Path launcher = home.resolve("bin/outbox-relay");
    assertTrue(Files.isExecutable(launcher));
    Path link = root.resolve("usr/bin/outbox-relay");
    assertEquals(Path.of("/opt/outbox-relay/bin/outbox-relay"), Files.readSymbolicLink(link));
    assertTrue(Files.exists(root.resolve("usr/share/man/man1/outbox-relay.1")));
    Path settings = root.resolve("etc/outbox-relay/outbox-relay.env");
    assertEquals(
        "rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(settings)));
    assertEquals(
        Files.readString(Path.of("packaging/outbox-relay.service")),
        Files.readString(root.resolve("lib/systemd/system/outbox-relay.service")));
  }

  @Test
  void unit_ofThePackage_startsAFileOfThePackage() throws Exception {
    Path unit = root.resolve("lib/systemd/system/outbox-relay.service");
    String start =
        Files.readAllLines(unit).stream()
            .filter(line -> line.startsWith("ExecStart="))
            .findFirst()
            .orElseThrow();
    String program = start.substring("ExecStart=".length()).split(" ")[0];
    assertTrue(Files.isExecutable(root.resolve(program.substring(1))), program);
    assumeTrue(
        Program.exists("systemd-analyze"), "NOT TESTED: the unit, for there is no systemd-analyze");
    // It looks for the program on this machine, where the package is not installed.
    Path copy = folder.resolve("outbox-relay.service");
    Files.writeString(copy, Files.readString(unit).replace(program, root + program));
    assertEquals("", run("systemd-analyze", "verify", "--man=no", copy.toString()));
  }

  @Test
  void scripts_ofThePackage_areShell() throws Exception {
    for (String script : List.of("postinst", "prerm", "postrm")) {
      run("sh", "-n", root.resolve("DEBIAN").resolve(script).toString());
    }
  }
}
