// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.bench.RelayJava;
import dev.outboxrelay.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bin/outbox-relay}, with something in the place of Java that prints what it is told. */
@DisabledOnOs(OS.WINDOWS)
final class LauncherTest {
  @TempDir Path folder;
  private Path script;

  @BeforeEach
  void install() throws IOException {
    script = folder.resolve("app/bin/outbox-relay");
    Files.createDirectories(script.getParent());
    Files.copy(Path.of("bin/outbox-relay"), script);
  }

  /** A runtime that only tells how it was started. */
  private Path java(String name, String version) throws IOException {
    Path home = Files.createDirectories(folder.resolve(name));
    Path java = Files.createDirectories(home.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\nprintf '%s|' " + name + " \"$LC_ALL\" \"$@\"\nexit 9\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    return home;
  }

  private Path jar(String place) throws IOException {
    Path jar = folder.resolve(place);
    Files.createDirectories(jar.getParent());
    return Files.writeString(jar, "");
  }

  private record Ended(int code, String output) {}

  private Ended run(Path command, Map<String, String> variables, String... args) throws Exception {
    Map<String, String> all = new HashMap<>(Map.of("JAVA_HOME", "", "LC_ALL", "", "LANG", "C"));
    all.putAll(variables);
    List<String> words = new java.util.ArrayList<>(List.of(command.toString()));
    words.addAll(List.of(args));
    Path output = Files.createTempFile(folder, "output", "");
    try (JavaProcess process = JavaProcess.start(words, all, output)) {
      return new Ended(process.awaitExit(), process.output());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"app/bin/outbox-relay.jar", "app/outbox-relay.jar", "app/target/outbox-relay.jar"})
  void jar_besideTheScript_isStartedWithAllArguments(String place) throws Exception {
    Path home = java("seventeen", "17.0.1");
    jar(place);
    Ended ended = run(script, Map.of("JAVA_HOME", home.toString()), "run", "--name", "a b", "$x*");
    assertEquals(9, ended.code(), ended.output());
    String jar = ended.output().replaceFirst(".*\\|-jar\\|([^|]*)\\|.*", "$1");
    assertEquals(folder.resolve(place).toRealPath(), Path.of(jar).toRealPath());
    assertTrue(ended.output().endsWith("|run|--name|a b|$x*|"), ended.output());
  }

  @Test
  void libraries_ofTheDistribution_areFoundInAnOrderThatHolds() throws Exception {
    jar("app/lib/outbox-relay.jar");
    jar("app/lib/kafka/client.jar");
    jar("app/lib/b.jar");
    jar("app/lib/a.jar");
    jar("app/lib/B.jar");
    Files.createDirectories(folder.resolve("app/lib/nothing"));
    Map<String, String> home =
        Map.of("JAVA_HOME", java("seventeen", "17.0.1").toString(), "LC_ALL", "en_US.UTF-8");
    Ended ended = run(script, home, "run", "$x*");
    assertEquals(9, ended.code(), ended.output());
    String found = ended.output().replaceFirst(".*\\|-cp\\|([^|]*)\\|.*", "$1");
    List<String> ends =
        Stream.of(found.split(":")).map(place -> place.replaceFirst(".*/lib/", "")).toList();
    assertEquals(
        List.of(
            "outbox-relay.jar", "B.jar", "a.jar", "b.jar", "outbox-relay.jar", "kafka/client.jar"),
        ends);
    assertTrue(ended.output().endsWith("|dev.outboxrelay.cli.Main|run|$x*|"), ended.output());
  }

  @Test
  void addOn_ofAClone_isFoundBesideTheJar() throws Exception {
    jar("app/target/outbox-relay.jar");
    jar("app/target/outbox-relay-1-demo/outbox-relay-1/lib/demo/server.jar");
    Map<String, String> home = Map.of("JAVA_HOME", java("seventeen", "17.0.1").toString());
    Ended ended = run(script, home, "demo");
    assertTrue(
        ended.output().contains("/lib/demo/server.jar|dev.outboxrelay.cli.Main|"), ended.output());
  }

  @Test
  void script_byALink_findsTheJarBesideItself() throws Exception {
    jar("app/target/outbox-relay.jar");
    Path link = Files.createDirectories(folder.resolve("usr")).resolve("outbox-relay");
    Files.createSymbolicLink(link, Path.of("../app/bin/outbox-relay"));
    Ended ended = run(link, Map.of("JAVA_HOME", java("home", "21").toString()), "version");
    assertEquals(9, ended.code(), ended.output());
  }

  @Test
  void java_withoutJavaHome_isThatOfThePath() throws Exception {
    jar("app/outbox-relay.jar");
    Path home = java("inpath", "25.0.1");
    String path = home.resolve("bin") + ":" + System.getenv("PATH");
    Ended ended = run(script, Map.of("PATH", path), "version");
    assertTrue(ended.output().startsWith("inpath|C.UTF-8|"), ended.output());
  }

  @Test
  void options_inJavaOpts_comeBeforeTheJar() throws Exception {
    jar("app/outbox-relay.jar");
    Ended ended =
        run(
            script,
            Map.of("JAVA_HOME", java("home", "17").toString(), "JAVA_OPTS", "-Xmx64m -Dx=y"),
            "run");
    assertTrue(ended.output().contains("|-Xmx64m|-Dx=y|-jar|"), ended.output());
  }

  @Test
  void run_startsJava_asTheBenchMeasuresIt() throws Exception {
    jar("app/outbox-relay.jar");
    Ended ended = run(script, Map.of("JAVA_HOME", java("home", "17").toString()), "run");
    String flags = String.join("|", RelayJava.SHIPPED.flags());
    assertTrue(ended.output().contains("C.UTF-8|" + flags + "|-jar|"), ended.output());
  }

  @ParameterizedTest
  @CsvSource({"JAVA_OPTS, run", "JAVA_TOOL_OPTIONS, status", "JDK_JAVA_OPTIONS, run"})
  void collector_ofTheUsers_isTheOnlyOne(String variable, String command) throws Exception {
    jar("app/outbox-relay.jar");
    Map<String, String> variables =
        Map.of("JAVA_HOME", java("home", "17").toString(), variable, "-Xmx64m -XX:+UseZGC");
    Ended ended = run(script, variables, command);
    assertFalse(ended.output().contains("UseSerialGC"), ended.output());
    assertTrue(ended.output().contains("-XX:TieredStopAtLevel=1|"), ended.output());
  }

  /** What Java is told of the classes that were read beforehand; empty when nothing. */
  private String prepared(String version, String options, String command) throws Exception {
    jar("app/lib/outbox-relay.jar");
    jar("app/lib/outbox-relay.aot");
    Map<String, String> variables =
        Map.of("JAVA_HOME", java("home", version).toString(), "JAVA_OPTS", options);
    Ended ended = run(script, variables, command);
    assertEquals(9, ended.code(), ended.output());
    return Stream.of(ended.output().split("\\|"))
        .filter(word -> word.contains("aot"))
        .map(word -> word.replaceFirst("=.*/", "="))
        .collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "status"})
  void classes_besideTheJar_spareJava25ToReadThem(String command) throws Exception {
    String options = "-XX:MaxRAMPercentage=75";
    assertEquals(
        "-Xlog:aot=off -XX:AOTCache=outbox-relay.aot", prepared("25.0.1", options, command));
  }

  @ParameterizedTest
  @CsvSource({
    "21.0.1, -Xmx64m, run",
    "25.0.1, -Xmx64m, receive",
    "25.0.1, -Xshare:off, run",
    "25.0.1, -XX:SharedArchiveFile=mine, run"
  })
  void classes_thatJavaOrTheUserDoesNotWant_areLeftAlone(
      String version, String options, String command) throws Exception {
    assertEquals("", prepared(version, options, command));
  }

  @Test
  void classes_thatAreBeingMade_areNotUsed() throws Exception {
    assertEquals(
        "-XX:AOTCacheOutput=new.aot", prepared("25", "-XX:AOTCacheOutput=/tmp/new.aot", "run"));
  }

  @Test
  void image_isPrepared_withTheOptionsOfTheLauncher() throws IOException {
    String options = String.join(" ", RelayJava.SHIPPED.flags()) + " -XX:AOTCacheOutput=";
    String dockerfile = Files.readString(Path.of("Dockerfile"));
    assertTrue(dockerfile.contains("--java-options \"" + options), options);
  }

  @Test
  void locale_thatIsSet_isLeftAlone() throws Exception {
    jar("app/outbox-relay.jar");
    Ended ended =
        run(
            script,
            Map.of("JAVA_HOME", java("home", "17").toString(), "LANG", "de_DE.UTF-8"),
            "run");
    assertTrue(ended.output().startsWith("home||"), ended.output());
  }

  @Test
  void java_tooOldOrNotThere_isExitCode2WithTheRemedy() throws Exception {
    jar("app/outbox-relay.jar");
    Ended old = run(script, Map.of("JAVA_HOME", java("old", "11.0.2").toString()), "version");
    assertEquals(ExitCode.USAGE, old.code(), old.output());
    assertTrue(old.output().contains("is Java 11: it takes 17 or later"), old.output());
    Ended none = run(script, Map.of("JAVA_HOME", folder.toString()), "version");
    assertEquals(ExitCode.USAGE, none.code(), none.output());
    assertTrue(none.output().contains("JAVA_HOME is " + folder), none.output());
  }

  @Test
  void jar_nowhere_isExitCode2WithTheRemedy() throws Exception {
    Ended ended = run(script, Map.of("JAVA_HOME", java("home", "17").toString()), "version");
    if (!Files.exists(Path.of("/opt/outbox-relay/outbox-relay.jar"))) {
      assertEquals(ExitCode.USAGE, ended.code(), ended.output());
      assertTrue(ended.output().contains("mvn package"), ended.output());
    }
  }
}
