// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;

/** A file whose first line is a password, such as a mounted secret. */
public record PasswordFile(Path file) implements Password {

  @Override
  public String read() throws SQLException {
    try {
      return Files.readString(file, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    } catch (IOException e) {
      throw new SQLException(
          "the password file " + file + " cannot be read (" + e.getClass().getSimpleName() + ")",
          Trouble.INVALID_AUTHORIZATION,
          e);
    }
  }
}
