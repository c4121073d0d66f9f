// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A file that a row of a table names: read only when it is a regular file of a sensible size, since
 * a pipe would hold up its reader for ever and a device has no end.
 */
final class PemFile {

  static final int MAX_BYTES = 1 << 20;

  private PemFile() {}

  static byte[] read(String option, Path file) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      if (!found.isRegularFile()) {
        throw new IllegalArgumentException(option + ": " + file + " is not a regular file");
      }
      if (found.size() > MAX_BYTES) {
        throw tooLarge(option, file);
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
          throw tooLarge(option, file);
        }
        return bytes;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(option + ": cannot read " + file, e);
    }
  }

  private static IllegalArgumentException tooLarge(String option, Path file) {
    return new IllegalArgumentException(option + ": " + file + " is larger than 1 MB");
  }
}
