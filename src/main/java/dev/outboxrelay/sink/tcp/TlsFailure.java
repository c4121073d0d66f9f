// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says in words what went wrong with TLS. */
public final class TlsFailure {

  private static final int MAX_CAUSES = 10;

  private TlsFailure() {}

  /** Why a handshake failed, null when it was something else. */
  public static @Nullable String handshake(Throwable failure, String name) {
    boolean tls =
        find(failure, SSLException.class) != null
            || find(failure, CertificateException.class) != null;
    return tls ? reason(failure, name) : null;
  }

  /** Why a handshake failed. */
  static String reason(Throwable failure, String name) {
    if (find(failure, NotSslRecordException.class) != null) {
      return "the receiver does not speak TLS";
    }
    if (find(failure, ClosedChannelException.class) != null) {
      return "the TLS handshake failed: the receiver closed the connection";
    }
    SslHandshakeTimeoutException late = find(failure, SslHandshakeTimeoutException.class);
    if (late != null) {
      return "the TLS handshake took too long: " + late.getMessage();
    }
    CertificateExpiredException expired = find(failure, CertificateExpiredException.class);
    if (expired != null) {
      return "the receiver's certificate has expired (" + expired.getMessage() + ")";
    }
    CertificateNotYetValidException early = find(failure, CertificateNotYetValidException.class);
    if (early != null) {
      return "the receiver's certificate is not valid yet (" + early.getMessage() + ")";
    }
    if (find(failure, CertPathBuilderException.class) != null) {
      return "the receiver's certificate is not signed by a CA that the relay trusts";
    }
    CertificateException certificate = last(failure);
    if (certificate != null) {
      return "the receiver's certificate is not for '" + name + "': " + certificate.getMessage();
    }
    SSLException tls = find(failure, SSLException.class);
    return "the TLS handshake failed: " + message(tls == null ? failure : tls);
  }

  /**
   * The receiver's alert, when this is how the connection ended. With TLS 1.3 a receiver judges the
   * relay's certificate only after the handshake is done on the relay's side.
   */
  public static @Nullable String alert(Throwable failure) {
    SSLException tls = find(failure, SSLException.class);
    if (tls == null || !message(tls).contains("fatal alert")) {
      return null;
    }
    return "the receiver ended TLS: " + message(tls) + " (does it ask for another certificate?)";
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  private static @Nullable CertificateException last(Throwable failure) {
    CertificateException found = null;
    Throwable cause = failure;
    for (int each = 0; cause != null && each < MAX_CAUSES; each++) {
      if (cause instanceof CertificateException certificate) {
        found = certificate;
      }
      cause = cause.getCause();
    }
    return found;
  }

  private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
    Throwable cause = failure;
    for (int each = 0; cause != null && each < MAX_CAUSES; each++) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
      cause = cause.getCause();
    }
    return null;
  }
}
