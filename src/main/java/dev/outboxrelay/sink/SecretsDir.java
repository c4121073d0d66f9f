// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Secrets as files of one directory, which holds nothing else. A name is a file's name, so that no
 * destination can name a file elsewhere; a link that leads out of the directory is refused. A file
 * {@code NAME.hosts} beside one lists the hosts that the secret may be used for: whoever may write
 * destinations could otherwise have it sent to a host of his own.
 */
public final class SecretsDir implements Secrets {
  static final int MAX_BYTES = 16 * 1024;

  /** No separator, and nothing that begins with a dot. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}");

  private static final String HOSTS = ".hosts";

  private final Path directory;

  /**
   * @throws IllegalArgumentException when it is no directory
   */
  public SecretsDir(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new IllegalArgumentException(directory + " is not a directory");
    }
    this.directory = directory;
  }

  /** Whether a name can be one. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches() && !name.endsWith(HOSTS);
  }

  /** Whether a file lies in it, or is what one of its links leads to. */
  public boolean holds(Path file) {
    try {
      Path real = file.toRealPath();
      if (real.startsWith(directory.toRealPath())) {
        return true;
      }
      try (var names = Files.list(directory)) {
        for (Path each : (Iterable<Path>) names::iterator) {
          if (Files.isSameFile(each, real)) {
            return true;
          }
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String read(String name, String host) {
    if (!isName(name)) {
      throw new IllegalArgumentException("'" + name + "' cannot be the name of a secret");
    }
    try {
      checkHost(name, host);
      String secret = content(name).strip();
      if (secret.isEmpty()) {
        throw new IllegalArgumentException("the secret '" + name + "' is empty");
      }
      return secret;
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          "there is no secret '" + name + "' in the relay's --secrets-dir", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("the secret '" + name + "' cannot be read", e);
    }
  }

  private void checkHost(String name, String host) throws IOException {
    String hosts;
    try {
      hosts = content(name + HOSTS);
    } catch (NoSuchFileException e) {
      return;
    }
    boolean allowed;
    try {
      allowed = AllowedDestinations.parse(hosts).namesHost(host);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the file '" + name + HOSTS + "' lists no hosts", e);
    }
    if (!allowed) {
      throw new IllegalArgumentException("the secret '" + name + "' may not be used for " + host);
    }
  }

  private String content(String file) throws IOException {
    Path path = directory.resolve(file);
    Path real = path.toRealPath();
    if (!real.startsWith(directory.toRealPath())
        || !Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(file + " is no regular file inside the directory");
    }
    try (InputStream in = Files.newInputStream(real, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(file + " is larger than " + MAX_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
