// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.bench.Bench;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("alone")
final class BenchCommandTest {
  @TempDir Path directory;

  private static Map<String, String> server() {
    TestServer server = TestServer.shared();
    return Map.of(
        "OUTBOX_RELAY_DATABASE_URL", server.url("postgres"),
        "OUTBOX_RELAY_DATABASE_USER", server.user(),
        "OUTBOX_RELAY_DATABASE_PASSWORD", server.password());
  }

  private static CommandRun bench(Map<String, String> variables, String... flags) {
    List<String> args = new ArrayList<>(List.of("bench"));
    args.addAll(List.of(flags));
    return CommandRun.of(variables, args.toArray(String[]::new));
  }

  private CommandRun quick(String... flags) {
    List<String> all = new ArrayList<>(List.of("--quick", "--output", output().toString()));
    all.addAll(List.of(flags));
    return bench(server(), all.toArray(String[]::new));
  }

  private Path output() {
    return directory.resolve("not/there/yet");
  }

  private String read(String file) throws IOException {
    return Files.readString(output().resolve(file));
  }

  @Test
  void scenario_withoutExpectation_isExitCode0AndWritesItsFiles() throws Exception {
    CommandRun run = quick("--scenario", "hotkey", "--runs", "2");
    assertEquals(ExitCode.OK, run.exitCode(), run.err());
    assertTrue(run.out().contains("| hotkey"), run.out());
    assertTrue(run.out().contains("of 2 runs"), run.out());
    assertTrue(run.out().startsWith("relay: outbox-relay "), run.out());
    assertFalse(run.out().contains("| drain"), run.out());
    assertTrue(run.err().contains("hotkey 2/2"), run.err());
    assertEquals(run.out(), read("bench.txt"));
    assertTrue(read("bench.json").contains("\"relay\" : \"outbox-relay "), read("bench.json"));
    TreeSet<String> files = new TreeSet<>();
    try (Stream<Path> found = Files.walk(output())) {
      found
          .filter(Files::isRegularFile)
          .forEach(file -> files.add(output().relativize(file).toString()));
    }
    assertEquals(
        new TreeSet<>(List.of("bench.json", "bench.txt", "logs/hotkey-relay-1.log")), files);
  }

  @Test
  void quick_expectsNothing_isExitCode0() throws Exception {
    // A thousand messages are over before 120,000 a second are reached.
    CommandRun run = quick("--scenario", "drain", "--runs", "1");
    assertEquals(ExitCode.OK, run.exitCode(), run.err());
    List<String> rows = run.out().lines().filter(line -> line.startsWith("| drain ")).toList();
    assertFalse(rows.isEmpty(), run.out());
    rows.forEach(row -> assertTrue(row.matches(".*\\| +\\| +\\|"), row));
    assertFalse(read("bench.json").contains("\"expected\""), read("bench.json"));
  }

  @Test
  void output_thatCannotBeWritten_isOneLineAndExitCode2() throws Exception {
    Files.writeString(directory.resolve("not"), "a file, where a directory should go");
    CommandRun run = quick("--scenario", "hotkey", "--runs", "1");
    assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(output().toString()), run.err());
  }

  @Test
  void scenario_thatCannotRun_isReportedAsFailedAndExitCode9() throws Exception {
    Path logs = output().resolve("logs");
    Files.createDirectories(logs.getParent());
    Files.writeString(logs, "a file, where the relays' logs should go");
    CommandRun run = quick("--scenario", "hotkey", "--runs", "1");
    assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
    assertTrue(run.out().contains("hotkey: FAILED: "), run.out());
    assertTrue(read("bench.json").contains("\"failure\""), read("bench.json"));
  }

  @Test
  void scenario_unknown_isOneLineWithTheNamesAndExitCode2() {
    CommandRun run = bench(Map.of(), "--scenario", "hotkey,drian");
    assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("drian"), run.err());
    Bench.names().forEach(name -> assertTrue(run.err().contains(name), run.err()));
  }

  @Test
  void runs_none_isOneLineAndExitCode2() {
    CommandRun run = bench(Map.of(), "--runs", "0");
    assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("runs is 0"), run.err());
  }

  @Test
  void server_thatIsNotThere_isOneLineAndExitCode7() throws Exception {
    Map<String, String> variables = new HashMap<>(server());
    variables.put(
        "OUTBOX_RELAY_DATABASE_URL", "jdbc:postgresql://127.0.0.1:" + Ports.free() + "/postgres");
    CommandRun run = bench(variables, "--quick", "--output", output().toString());
    assertEquals(ExitCode.UNREACHABLE, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @Test
  void user_unknown_isOneLineAndExitCode8() {
    CommandRun run =
        bench(
            server(),
            "--quick",
            "--output",
            output().toString(),
            "--database-user",
            "nobody_of_this_name");
    assertEquals(ExitCode.REFUSED, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("nobody_of_this_name"), run.err());
  }
}
