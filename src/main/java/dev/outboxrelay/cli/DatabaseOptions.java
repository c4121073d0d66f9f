// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.Password;
import dev.outboxrelay.store.PasswordFile;
import java.nio.file.Path;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say which database. */
final class DatabaseOptions {
  @Option(
      names = "--database-url",
      paramLabel = "URL",
      description = {
        "Needed, but for bench. JDBC form: jdbc:postgresql://host:5432/database",
        "User and password may stand in it; they are never logged."
      })
  @Nullable String url;

  @Option(
      names = "--database-user",
      paramLabel = "NAME",
      description = "Login; without it the URL's, else the operating system's user.")
  @Nullable String user;

  @Option(
      names = "--database-password",
      paramLabel = "PASSWORD",
      description = "Better by its variable or by a file: others can see a flag.")
  @Nullable String password;

  @Option(
      names = "--database-password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the password, such as a mounted secret.")
  @Nullable Path passwordFile;

  DatabaseAccess access() {
    if (url == null) {
      throw new UserError(
          ExitCode.USAGE,
          "no database given: set --database-url or OUTBOX_RELAY_DATABASE_URL, for example"
              + " jdbc:postgresql://localhost:5432/postgres");
    }
    if (passwordFile == null) {
      return DatabaseAccess.of(url, user, password);
    }
    if (password != null) {
      throw new UserError(
          ExitCode.USAGE,
          "both --database-password and --database-password-file are given: give one");
    }
    Password inFile = new PasswordFile(passwordFile);
    return DatabaseAccess.of(url, user, read(inFile)).withPassword(inFile);
  }

  private static String read(Password password) {
    try {
      return password.read();
    } catch (SQLException e) {
      throw new UserError(
          ExitCode.USAGE,
          "--database-password-file: " + e.getMessage() + ": name a file that this user may read");
    }
  }
}
