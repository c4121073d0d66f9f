// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.Login;
import dev.outboxrelay.store.Password;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How to reach the database, with the secrets taken out of the URL, so that the URL may stand in
 * any message.
 *
 * @param url JDBC URL without user and password
 * @param user login
 * @param password read at each login; empty when there is none
 */
record DatabaseAccess(String url, String user, Password password) {
  private static final String SCHEME = "jdbc:postgresql:";

  /**
   * Checks and takes apart what was configured.
   *
   * @param givenUrl JDBC URL, with or without {@code user} and {@code password} parameters
   * @param givenUser null to take the URL's, else the operating system's user, as libpq does
   * @param givenPassword null to take the URL's, else none
   */
  static DatabaseAccess of(
      String givenUrl, @Nullable String givenUser, @Nullable String givenPassword) {
    if (!givenUrl.startsWith(SCHEME)) {
      throw new UserError(
          ExitCode.USAGE,
          "--database-url must be in JDBC form, jdbc:postgresql://host:5432/database; it starts"
              + " with '"
              + givenUrl.substring(0, Math.max(0, Math.min(12, givenUrl.indexOf(':') + 1)))
              + "'");
    }
    int query = givenUrl.indexOf('?');
    String base = query < 0 ? givenUrl : givenUrl.substring(0, query);
    if (base.indexOf('@') >= 0) {
      throw new UserError(
          ExitCode.USAGE,
          "--database-url holds user or password before the host, which JDBC does not read: give"
              + " them by --database-user and --database-password-file");
    }
    String user = givenUser;
    String password = givenPassword;
    List<String> rest = new ArrayList<>();
    for (String parameter : query < 0 ? new String[0] : givenUrl.substring(query + 1).split("&")) {
      String name = parameter.replaceFirst("=.*", "").toLowerCase(Locale.ROOT);
      String value =
          URLDecoder.decode(
              parameter.substring(Math.min(parameter.length(), name.length() + 1)),
              StandardCharsets.UTF_8);
      switch (name) {
        case "user" -> user = once("user", givenUser, value);
        case "password" -> password = once("password", givenPassword, value);
        case "" -> {}
        default -> rest.add(parameter);
      }
    }
    DatabaseAccess access =
        new DatabaseAccess(
            rest.isEmpty() ? base : base + "?" + String.join("&", rest),
            user == null ? System.getProperty("user.name") : user,
            Password.of(password == null ? "" : password));
    access.checkUrl();
    return access;
  }

  private void checkUrl() {
    try {
      login();
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, "--database-url: " + e.getMessage());
    }
  }

  /** The same, with a password that is read at each login. */
  DatabaseAccess withPassword(Password from) {
    return new DatabaseAccess(url, user, from);
  }

  /** What the store logs in with. */
  Login login() {
    return new Login(url, user, password);
  }

  private static String once(String what, @Nullable String given, String inUrl) {
    if (given != null && !given.equals(inUrl)) {
      throw new UserError(
          ExitCode.USAGE,
          "the database "
              + what
              + " is given twice, by --database-url and by --database-"
              + what
              + ", and they differ: give it once");
    }
    return inUrl;
  }

  /** Host, port and database, for messages. */
  String location() {
    return url.substring(SCHEME.length()).replaceFirst("\\?.*", "").replaceFirst("^//", "");
  }

  @Override
  public String toString() {
    return "DatabaseAccess[" + location() + ", user=" + user + ", password hidden]";
  }
}
