// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a destination is spoken to over TLS; all files are PEM, on the relay's machine.
 *
 * @param ca the certificates that are trusted, null for the system's
 * @param certificate the relay's own certificate and its chain, null for none
 * @param key the private key for it, PKCS #8, null for none
 * @param serverName the name that the receiver's certificate must bear, null for the URI's host
 */
public record TlsOptions(
    @Nullable Path ca,
    @Nullable Path certificate,
    @Nullable Path key,
    @Nullable String serverName) {

  public static final TlsOptions NONE = new TlsOptions(null, null, null, null);
}
