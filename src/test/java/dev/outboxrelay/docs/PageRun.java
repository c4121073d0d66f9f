// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.fail;

import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Does what a page says, block by block, as a reader would: SQL in one session of a database of its
 * own, commands in one shell's environment, files in one folder.
 *
 * <p>The address, the ports and the folder of settings of the pages are replaced by those of the
 * test. A comment directly before a block says more:
 *
 * <ul>
 *   <li>{@code not run: why} leaves the block out;
 *   <li>{@code in the background} starts a command that goes on until the page ends;
 *   <li>{@code file: name} writes the block to a file;
 *   <li>{@code output} compares the block with what the last command or statement printed;
 *   <li>{@code arrives} waits for the block's lines from what runs in the background;
 *   <li>{@code exit 9} expects another exit code than 0.
 * </ul>
 */
final class PageRun implements AutoCloseable {
  private static final Duration COMMAND = Duration.ofMinutes(2);
  private static final Duration SETTLED = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(50);

  /** What changes nothing, so that it may be asked again. */
  private static final String LOOK = "(?s)select [a-z_, ]+ from outbox\\.\\w+\\s*";

  private static final String BACKGROUND_ERRORS = "background.err";
  private static final Pattern ROLE = Pattern.compile("create role (\\w+)");
  private static final String URL = "jdbc:postgresql://localhost:5432/shop";
  private static final List<String> PORTS = List.of("9000", "9001", "9464", "9465");
  private static final String PASSWORD_OF_OWNER = "secret";
  private static final String SETTINGS = "/etc/outbox-relay/";
  private static final String PASSWORD_FILE = SETTINGS + "database-password";

  private final Page page;
  private final TestDatabase database;
  private final Path folder;
  private final Map<String, String> replaced = new LinkedHashMap<>();
  private final List<Program> background = new ArrayList<>();
  private @Nullable Connection session;
  private List<String> output = List.of();
  private String looked = "";
  private int blocks;

  PageRun(Page page, TestDatabase database, Path folder) throws IOException {
    this.page = page;
    this.database = database;
    this.folder = folder;
    for (String port : PORTS) {
      replaced.put(port, Integer.toString(Ports.free()));
    }
    replaced.put(URL, database.url());
    Files.writeString(folder.resolve("database-password"), PASSWORD_OF_OWNER);
    replaced.put(SETTINGS, folder + "/");
    prepareShell();
  }

  /** How many blocks were run or compared. */
  int blocks() {
    return blocks;
  }

  void run() throws Exception {
    for (Fence fence : page.fences()) {
      if (fence.notRun().isPresent()) {
        continue;
      }
      try {
        run(fence);
      } catch (SQLException | AssertionError e) {
        String said = page + ":" + fence.line() + ": " + e.getMessage() + "\n" + fence.text();
        fail(said + "in the background:\n" + backgroundErrors(), e);
      }
    }
    if (!background.stream().allMatch(Program::isRunning)) {
      fail(page + ": what runs in the background has ended:\n" + backgroundErrors());
    }
  }

  private String backgroundErrors() throws IOException {
    Path errors = folder.resolve(BACKGROUND_ERRORS);
    return Files.exists(errors) ? Files.readString(errors) : "";
  }

  private void run(Fence fence) throws Exception {
    String text = replaced(fence.text());
    if (fence.file().isPresent()) {
      Files.writeString(folder.resolve(fence.file().get()), text);
      blocks++;
    } else if (fence.mark().equals("output")) {
      compare(text.lines().toList());
      blocks++;
    } else if (fence.mark().equals("arrives")) {
      arrives(text.lines().toList());
      blocks++;
    } else if (fence.language().equals("sh")) {
      shell(fence, text);
      blocks++;
    } else if (fence.isRun()) {
      sql(text);
      blocks += fence.language().equals("setup") ? 0 : 1;
    }
  }

  private String replaced(String text) {
    String result = text;
    for (Map.Entry<String, String> each : replaced.entrySet()) {
      result = result.replace(each.getKey(), each.getValue());
    }
    return result;
  }

  private void sql(String text) throws SQLException {
    Connection open = session;
    if (open == null) {
      open = database.connect();
      session = open;
    }
    for (String statement : SqlScript.statements(text)) {
      try (Statement s = open.createStatement()) {
        if (s.execute(statement)) {
          output = table(s.getResultSet());
          looked = statement;
        }
      }
    }
  }

  /** As psql prints it, but for the width of its columns. */
  private static List<String> table(ResultSet result) throws SQLException {
    ResultSetMetaData columns = result.getMetaData();
    List<String> lines = new ArrayList<>();
    StringBuilder head = new StringBuilder();
    StringBuilder rule = new StringBuilder();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      head.append(i == 1 ? "" : " | ").append(columns.getColumnLabel(i));
      rule.append(i == 1 ? "--" : "+--");
    }
    lines.add(head.toString());
    lines.add(rule.toString());
    while (result.next()) {
      StringBuilder row = new StringBuilder();
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        String value = result.getString(i);
        row.append(i == 1 ? "" : " | ").append(value == null ? "" : value);
      }
      lines.add(row.toString());
    }
    return lines;
  }

  /** What a relay has yet to settle is looked at again. */
  private void compare(List<String> expected) throws SQLException, InterruptedException {
    List<String> shown =
        expected.stream().filter(line -> !line.matches("\\(\\d+ rows?\\)")).toList();
    long deadline = System.nanoTime() + SETTLED.toNanos();
    while (!Expected.matches(shown, output)
        && looked.matches(LOOK)
        && System.nanoTime() < deadline) {
      Thread.sleep(PAUSE.toMillis());
      sql(looked + ";");
    }
    if (!Expected.matches(shown, output)) {
      fail(
          "the page shows\n"
              + String.join("\n", shown)
              + "\nand it is\n"
              + String.join("\n", output));
    }
  }

  private void arrives(List<String> expected) throws InterruptedException {
    Program receiver = background.get(0);
    for (String line : expected) {
      String arrived = receiver.line();
      if (!Expected.matches(line, arrived)) {
        fail("the page shows\n" + line + "\nand there arrived\n" + arrived);
      }
    }
  }

  /** A folder with the program, and the environment that a block leaves to the next one. */
  private void prepareShell() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Path program = bin.resolve("outbox-relay");
    Files.writeString(
        program,
        "#!/bin/sh\nexec '"
            + Path.of(System.getProperty("java.home"), "bin", "java")
            + "' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '"
            + System.getProperty("java.class.path")
            + "' dev.outboxrelay.cli.Main \"$@\"\n");
    if (!program.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + program + " a program");
    }
    Files.writeString(
        folder.resolve("environment"),
        "export PATH='%s':\"$PATH\"\nexport OUTBOX_RELAY_DATABASE_URL='%s'\nexport OUTBOX_RELAY_DATABASE_USER='%s'\n"
                .formatted(bin, database.url(), database.user())
            // A page that names a file has a login of its own.
            + (namesPasswordFile()
                ? ""
                : "export OUTBOX_RELAY_DATABASE_PASSWORD='%s'\n".formatted(database.password())));
  }

  private boolean namesPasswordFile() {
    return page.fences().stream().anyMatch(fence -> fence.text().contains(PASSWORD_FILE));
  }

  private void shell(Fence fence, String text) throws Exception {
    String before = "cd '" + folder + "' && . ./environment\n";
    if (fence.mark().equals("in the background")) {
      Program program =
          Program.start(
              List.of("/bin/bash", "-c", before + "exec " + text),
              Map.of(),
              ProcessBuilder.Redirect.appendTo(folder.resolve(BACKGROUND_ERRORS).toFile()));
      background.add(program);
      awaitListener(program, text);
      return;
    }
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(
                "/bin/bash", "-c", before + "set -e\n" + text + "export -p > environment\n")
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(COMMAND.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      fail("it does not end");
    }
    output = Files.readAllLines(out, StandardCharsets.UTF_8);
    looked = "";
    int expected =
        fence.mark().startsWith("exit ")
            ? Integer.parseInt(fence.mark().substring("exit ".length()))
            : 0;
    if (process.exitValue() != expected) {
      fail("exit code " + process.exitValue() + ": " + Files.readString(err));
    }
  }

  /** A reader sees that it listens, and goes on then; or sees what it says instead. */
  private void awaitListener(Program program, String text) throws Exception {
    long until = System.nanoTime() + COMMAND.toNanos();
    for (String port : PORTS) {
      String own = replaced.getOrDefault(port, port);
      while (text.contains(own) && !listens(own)) {
        if (!program.isRunning() || System.nanoTime() > until) {
          fail("nobody listens on " + own);
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
      }
    }
  }

  /** Whether anybody listens on a port; as the kernel tells, since a connection would be one. */
  private static boolean listens(String port) throws IOException {
    String end = ":%04X".formatted(Integer.parseInt(port));
    boolean told = false;
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      if (Files.exists(Path.of(table))) {
        told = true;
        for (String line : Files.readAllLines(Path.of(table))) {
          String[] fields = line.strip().split("\\s+");
          if (fields[1].endsWith(end) && fields[3].equals("0A")) {
            return true;
          }
        }
      }
    }
    return !told;
  }

  /** Roles belong to the server, so those that the page made are taken away for the next page. */
  private void dropRoles() throws SQLException {
    for (Fence fence : page.fences()) {
      Matcher role = ROLE.matcher(fence.text());
      while (role.find()) {
        String name = role.group(1);
        if (!name.startsWith("outbox_")) {
          database.execute(
              "alter database " + database.name() + " owner to current_user",
              "do $$ begin if to_regrole('%1$s') is not null then drop owned by %1$s cascade; end if; end $$"
                  .formatted(name),
              "drop role if exists " + name);
        }
      }
    }
  }

  @Override
  public void close() throws SQLException {
    background.forEach(Program::close);
    if (session != null) {
      session.close();
    }
    dropRoles();
  }
}
