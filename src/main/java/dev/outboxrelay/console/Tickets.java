// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What browsers hold after a login: a random number that means something here alone. So a ticket
 * ends with logging out, with its token, with its time and with the relay, and none of that can be
 * undone. Safe for threads.
 */
final class Tickets {
  /** A working day. */
  static final Duration LIFE = Duration.ofHours(12);

  /** So many may one person have; the oldest ends first. */
  static final int MOST_EACH = 50;

  /** Of all persons, whatever their number; the oldest ends first. */
  private static final int MOST = 10_000;

  private static final int BYTES = 32;

  private final LongSupplier epochSeconds;
  private final SecureRandom random = new SecureRandom();

  /** By their hashes, the oldest first. */
  private final Map<String, Login> logins = new LinkedHashMap<>();

  private record Login(Token token, long endSeconds) {}

  Tickets(LongSupplier epochSeconds) {
    this.epochSeconds = epochSeconds;
  }

  /** A new one. */
  synchronized String issue(Token token) {
    makeRoom(token);
    byte[] number = new byte[BYTES];
    random.nextBytes(number);
    String ticket = Base64.getUrlEncoder().withoutPadding().encodeToString(number);
    logins.put(key(ticket), new Login(token, epochSeconds.getAsLong() + LIFE.toSeconds()));
    return ticket;
  }

  private void makeRoom(Token token) {
    long now = epochSeconds.getAsLong();
    logins.values().removeIf(login -> login.endSeconds() <= now);
    long own = logins.values().stream().filter(login -> isOf(login, token)).count();
    Iterator<Login> oldest = logins.values().iterator();
    while (own >= MOST_EACH || logins.size() >= MOST) {
      boolean isOwn = isOf(oldest.next(), token);
      if (isOwn || logins.size() >= MOST) {
        oldest.remove();
        own -= isOwn ? 1 : 0;
      }
    }
  }

  private static boolean isOf(Login login, Token token) {
    return login.token().name().equals(token.name());
  }

  /** Whose it is; empty when it was not made here, is over, or was given back. */
  synchronized Optional<Token> owner(String ticket, Tokens tokens) {
    Login login = logins.get(key(ticket));
    if (login == null || login.endSeconds() <= epochSeconds.getAsLong()) {
      return Optional.empty();
    }
    Optional<Token> token = tokens.byName(login.token().name()).filter(login.token()::isSame);
    if (token.isEmpty() && !tokens.all().isEmpty()) {
      giveBack(ticket); // a line that is put back later must not bring it back
    }
    return token;
  }

  /** It is worth nothing from now on. */
  synchronized void giveBack(String ticket) {
    logins.remove(key(ticket));
  }

  /** Looking for it tells nothing of how much of it was right. */
  private static String key(String ticket) {
    return Base64.getEncoder().encodeToString(Token.hash(ticket));
  }
}
