// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * Where PostgreSQL's programs are: the embedded ones, unpacked under {@code target}, or those of an
 * installation.
 */
public final class PostgresBinaries {
  private static final Path SYSTEM = Path.of("/usr/lib/postgresql");
  private static final Object UNPACKING = new Object();

  private final Path directory;

  private PostgresBinaries(Path directory) {
    this.directory = directory;
  }

  /** The binaries that the build brings along: {@code initdb}, {@code pg_ctl}, {@code postgres}. */
  public static PostgresBinaries embedded() {
    try {
      // A lock of files is held by a process: its threads need one of their own.
      Path lock = Files.createDirectories(Path.of("target")).resolve("postgres.lock");
      synchronized (UNPACKING) {
        try (FileChannel file = FileChannel.open(lock, CREATE, WRITE);
            FileLock held = file.lock()) {
          return new PostgresBinaries(unpack().resolve("bin"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack the embedded PostgreSQL", e);
    }
  }

  /** An installation that has all of these programs, the newest first. */
  public static Optional<PostgresBinaries> installed(String... programs) {
    if (!Files.isDirectory(SYSTEM)) {
      return Optional.empty();
    }
    try (Stream<Path> versions = Files.list(SYSTEM)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(
              bin -> Stream.of(programs).allMatch(name -> Files.isExecutable(bin.resolve(name))))
          .max(Comparator.naturalOrder())
          .map(PostgresBinaries::new);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The path of a program. */
  public String program(String name) {
    return directory.resolve(name).toString();
  }

  /**
   * A command that the server's programs accept: they refuse to run as root, so there they run in a
   * user namespace of their own, where they are nobody.
   */
  List<String> command(String program, List<String> arguments) {
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("unshare", "-U"));
    }
    command.add(program(program));
    command.addAll(arguments);
    return command;
  }

  /** Runs a program to its end. */
  public String run(String program, List<String> arguments) throws IOException {
    return run(Path.of("").toAbsolutePath(), program, arguments);
  }

  /** Runs a program that leaves files in the directory in which it is started. */
  public String run(Path directory, String program, List<String> arguments) throws IOException {
    Process process =
        new ProcessBuilder(command(program, arguments))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    try {
      if (!process.waitFor(1, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(program + " did not end: " + output);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException(program + " interrupted", e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(program + " ended with " + process.exitValue() + ": " + output);
    }
    return output;
  }

  private static Path unpack() throws IOException {
    boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac");
    byte[] archive;
    try (InputStream in =
        DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(
            mac ? "Darwin" : "Linux", System.getProperty("os.arch").replace("amd64", "x86_64"))) {
      archive = in.readAllBytes();
    }
    Path unpacked =
        Path.of("target", "postgres-" + Integer.toHexString(java.util.Arrays.hashCode(archive)));
    if (Files.isDirectory(unpacked)) {
      return unpacked.toAbsolutePath();
    }
    Path growing = Files.createTempDirectory(unpacked.getParent(), "unpacking");
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(
            new XZCompressorInputStream(new java.io.ByteArrayInputStream(archive)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        unpackEntry(tar, entry, growing);
      }
    }
    Files.setPosixFilePermissions(
        growing,
        Set.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_EXECUTE));
    Files.move(growing, unpacked, StandardCopyOption.ATOMIC_MOVE);
    return unpacked.toAbsolutePath();
  }

  private static void unpackEntry(TarArchiveInputStream tar, TarArchiveEntry entry, Path into)
      throws IOException {
    Path file = into.resolve(entry.getName()).normalize();
    if (entry.isDirectory()) {
      Files.createDirectories(file);
      return;
    }
    Files.createDirectories(file.getParent());
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
      return;
    }
    Files.copy(tar, file);
    if ((entry.getMode() & 0100) != 0) {
      file.toFile().setExecutable(true, false);
    }
  }
}
