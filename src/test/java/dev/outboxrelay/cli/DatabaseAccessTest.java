// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DatabaseAccessTest {

  @Test
  void url_withSecrets_isTakenApart() throws Exception {
    DatabaseAccess access =
        DatabaseAccess.of(
            "jdbc:postgresql://db:5432/shop?sslmode=require&password=s%26cret&user=app",
            null, null);
    assertEquals("jdbc:postgresql://db:5432/shop?sslmode=require", access.url());
    assertEquals("app", access.user());
    assertEquals("s&cret", access.password().read());
    assertEquals("db:5432/shop", access.location());
    assertFalse(access.toString().contains("cret"), access.toString());
  }

  @Test
  void user_givenNowhere_isTheOperatingSystems() throws Exception {
    DatabaseAccess access = DatabaseAccess.of("jdbc:postgresql://db/shop", null, null);
    assertEquals(System.getProperty("user.name"), access.user());
    assertEquals("", access.password().read());
  }

  @Test
  void password_givenTwiceAndDifferent_isRefused() {
    UserError refused =
        assertThrows(
            UserError.class,
            () -> DatabaseAccess.of("jdbc:postgresql://db/shop?password=one", null, "two"));
    assertEquals(ExitCode.USAGE, refused.exitCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres://u:secret@h/d",
        "jdbc:postgresql://u:secret@h/d",
        "secret",
        "jdbc:mysql://secret"
      })
  void url_inAnotherForm_isRefusedWithoutShowingTheSecret(String url) {
    UserError refused = assertThrows(UserError.class, () -> DatabaseAccess.of(url, null, null));
    assertEquals(ExitCode.USAGE, refused.exitCode());
    assertFalse(refused.getMessage().contains("secret"), refused.getMessage());
  }

  /** No login could ever be tried with it, so it is not waited for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://h:port/d",
        "jdbc:postgresql://h:99999/d",
        "jdbc:postgresql://h/d?sslmode=very",
        "jdbc:postgresql://h/d?targetServerType=mine",
        "jdbc:postgresql://h/d?gssEncMode=maybe"
      })
  void url_thatTheDriverCannotUse_isRefused(String url) {
    UserError refused = assertThrows(UserError.class, () -> DatabaseAccess.of(url, null, null));
    assertEquals(ExitCode.USAGE, refused.exitCode());
    assertTrue(refused.getMessage().startsWith("--database-url: "), refused.getMessage());
  }
}
