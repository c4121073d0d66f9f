// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A PostgreSQL of its own that can be killed with SIGKILL, every process of it at once, and started
 * again on the same data directory. Durable: {@code fsync} is on.
 */
public final class PostgresProcess implements AutoCloseable {
  public static final String USER = "postgres";
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

  private final PostgresBinaries binaries;
  private final Path directory;
  private final int port;
  private final List<String> settings;
  private Process process;

  private PostgresProcess(PostgresBinaries binaries, Path directory, Map<String, String> settings)
      throws IOException, InterruptedException {
    this.binaries = binaries;
    this.directory = directory;
    this.port = Ports.free();
    this.settings = new ArrayList<>();
    Map<String, String> all = new java.util.TreeMap<>();
    all.put("listen_addresses", "127.0.0.1");
    all.put("unix_socket_directories", "");
    all.put("fsync", "on");
    all.put("full_page_writes", "on");
    all.put("synchronous_commit", "on");
    all.put("max_connections", "100");
    all.putAll(settings);
    all.forEach((name, value) -> this.settings.addAll(List.of("-c", name + "=" + value)));
    process = launch();
  }

  /** A new cluster. */
  public static PostgresProcess create(PostgresBinaries binaries, Map<String, String> settings)
      throws IOException, InterruptedException {
    Path directory =
        Files.createTempDirectory(
            Files.createDirectories(Path.of("target").toAbsolutePath()), "cluster");
    binaries.run(
        "initdb",
        List.of(
            "-D",
            directory + "/data",
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "--no-sync"));
    return new PostgresProcess(binaries, directory, settings);
  }

  /** A copy of a stopped cluster's files, started with these settings: a standby, for example. */
  public static PostgresProcess copyOf(
      PostgresProcess stopped, Map<String, String> settings, boolean standby)
      throws IOException, InterruptedException {
    Path directory =
        Files.createTempDirectory(
            Files.createDirectories(Path.of("target").toAbsolutePath()), "cluster");
    Path from = stopped.dataDirectory();
    Path to = directory.resolve("data");
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(
            file,
            to.resolve(from.relativize(file)),
            java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    if (standby) {
      Files.createFile(to.resolve("standby.signal"));
    }
    return new PostgresProcess(stopped.binaries, directory, settings);
  }

  /**
   * A base backup of a running cluster, started with these settings: a standby, for example, which
   * has everything that was committed before the call.
   */
  public static PostgresProcess backupOf(
      PostgresProcess running, Map<String, String> settings, boolean standby)
      throws IOException, InterruptedException, SQLException {
    Path directory =
        Files.createTempDirectory(
            Files.createDirectories(Path.of("target").toAbsolutePath()), "cluster");
    Path from = running.dataDirectory();
    Path to = directory.resolve("data");
    try (Connection session = running.connect("postgres");
        Statement statement = session.createStatement()) {
      boolean renamed = session.getMetaData().getDatabaseMajorVersion() >= 15;
      statement.execute(
          renamed
              ? "select pg_backup_start('b', true)"
              : "select pg_start_backup('b', true, false)");
      copyRunning(from, to, path -> !path.startsWith("pg_wal") && !path.endsWith("postmaster.pid"));
      try (ResultSet label =
          statement.executeQuery(
              renamed
                  ? "select labelfile from pg_backup_stop(false)"
                  : "select labelfile from pg_stop_backup(false, false)")) {
        label.next();
        Files.writeString(to.resolve("backup_label"), label.getString(1));
      }
      copyRunning(from, to, path -> path.startsWith("pg_wal"));
    }
    if (standby) {
      Files.createFile(to.resolve("standby.signal"));
    }
    return new PostgresProcess(running.binaries, directory, settings);
  }

  private static void copyRunning(Path from, Path to, Predicate<Path> wanted) throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.walk(from)) {
      paths = all.map(from::relativize).toList();
    } catch (UncheckedIOException e) {
      // A file went away while it was looked for: they do, in a running server.
      copyRunning(from, to, wanted);
      return;
    }
    for (Path path : paths) {
      boolean wal = path.startsWith("pg_wal") && Files.isDirectory(from.resolve(path));
      if (!wanted.test(path) && !wal) {
        continue;
      }
      Path target = to.resolve(path);
      if (Files.isDirectory(from.resolve(path))) {
        Files.createDirectories(target);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwx------"));
        continue;
      }
      try {
        Files.copy(from.resolve(path), target, StandardCopyOption.REPLACE_EXISTING);
      } catch (NoSuchFileException e) {
        continue; // gone meanwhile: the log of the server knows that
      }
    }
  }

  /** What is read only after the next start: this server follows another, or waits for one. */
  public void demote() throws IOException {
    Files.createFile(dataDirectory().resolve("standby.signal"));
  }

  public int port() {
    return port;
  }

  public Path dataDirectory() {
    return directory.resolve("data");
  }

  /** What the server wrote: its last lines tell why it did not start. */
  public Path log() {
    return directory.resolve("server.log");
  }

  /** JDBC URL of a database on this server. */
  public String url(String database) {
    return url(port, database);
  }

  /** JDBC URL of a database on this server, by way of a proxy. */
  public static String url(int port, String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(url(database), USER, "");
  }

  /** Runs statements, each in a transaction of its own. */
  public void execute(String database, String... statements) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The first column of the only row, as text. */
  public String value(String database, String sql) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  /** SIGKILL to the server and every one of its processes; returns when all of them are gone. */
  public void kill() throws InterruptedException {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    process.waitFor();
    for (ProcessHandle child : children) {
      child.onExit().orTimeout(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
    }
  }

  /** A fast shutdown, in order. */
  public void stop() throws InterruptedException, IOException {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      kill();
    }
  }

  /** Starts again on the same data, after {@link #kill} or {@link #stop}. */
  public void start() throws IOException, InterruptedException {
    if (process.isAlive()) {
      throw new IllegalStateException("the server is running");
    }
    process = launch();
  }

  @Override
  public void close() throws InterruptedException, IOException {
    kill();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file :
          (Iterable<Path>) files.sorted(java.util.Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(file);
      }
    }
  }

  /**
   * A start just after a kill may be refused while the last child of the killed server goes away,
   * so it is tried again until the deadline.
   */
  private Process launch() throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("-D", dataDirectory().toString()));
    arguments.addAll(List.of("-p", Integer.toString(port)));
    arguments.addAll(settings);
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (true) {
      Process started =
          new ProcessBuilder(binaries.command("postgres", arguments))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
      while (started.isAlive()) {
        if (answers()) {
          return started;
        }
        if (System.nanoTime() > deadline) {
          started.destroyForcibly();
          throw new IOException("PostgreSQL did not start within " + START_TIMEOUT + ": " + tail());
        }
        started.waitFor(50, TimeUnit.MILLISECONDS);
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("PostgreSQL ended at once: " + tail());
      }
    }
  }

  private boolean answers() {
    try (Connection connection = connect("postgres")) {
      return connection.isValid(5);
    } catch (SQLException e) {
      return false;
    }
  }

  private String tail() throws IOException {
    List<String> lines = Files.readAllLines(log());
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }
}
