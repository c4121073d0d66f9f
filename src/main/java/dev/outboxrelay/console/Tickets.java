// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a browser holds after a login: a name, an end and a seal that only the owner's token makes.
 * So nothing is kept here for those who are logged in, a restart of the relay logs nobody out, and
 * a ticket ends with its token. Safe for threads.
 */
final class Tickets {
  /** A working day. */
  static final Duration LIFE = Duration.ofHours(12);

  /** Of those who have logged out before their ticket's end; the oldest are forgotten first. */
  private static final int MOST_RETURNED = 10_000;

  private static final int MAX_LENGTH = 256;
  private static final String ALGORITHM = "HmacSHA256";
  private static final String PURPOSE = "outbox-relay console ticket\n";

  private final LongSupplier epochSeconds;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Boolean> returned =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MOST_RETURNED;
        }
      };

  Tickets(LongSupplier epochSeconds) {
    this.epochSeconds = epochSeconds;
  }

  /** A new one. */
  String issue(Token token) {
    byte[] salt = new byte[16];
    random.nextBytes(salt);
    String open =
        token.name()
            + "/"
            + (epochSeconds.getAsLong() + LIFE.toSeconds())
            + "/"
            + Base64.getUrlEncoder().withoutPadding().encodeToString(salt);
    return open + "/" + seal(token, open);
  }

  /** Whose it is; empty when it was not made here, is over, or was given back. */
  Optional<Token> owner(String ticket, Tokens tokens) {
    int last = ticket.lastIndexOf('/');
    if (ticket.length() > MAX_LENGTH || last < 0) {
      return Optional.empty();
    }
    String open = ticket.substring(0, last);
    String[] parts = open.split("/", -1);
    if (parts.length != 3 || !parts[1].matches("[0-9]{1,12}")) {
      return Optional.empty();
    }
    return tokens
        .byName(parts[0])
        .filter(token -> isSame(seal(token, open), ticket.substring(last + 1)))
        .filter(token -> epochSeconds.getAsLong() < Long.parseLong(parts[1]))
        .filter(token -> !isReturned(ticket));
  }

  /** It is worth nothing from now on. */
  void giveBack(String ticket) {
    synchronized (returned) {
      returned.put(ticket, true);
    }
  }

  private boolean isReturned(String ticket) {
    synchronized (returned) {
      return returned.containsKey(ticket);
    }
  }

  private static boolean isSame(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }

  private static String seal(Token token, String open) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(token.hash(), ALGORITHM));
      byte[] seal =
          mac.doFinal((PURPOSE + token.role() + "\n" + open).getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(seal);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
