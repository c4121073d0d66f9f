<?php
// A receiver that acknowledges: for a destination as it is by default.
//   php ack.php 4000
$port = $argv[1] ?? 4000;
$server = stream_socket_server("tcp://0.0.0.0:$port", $errno, $error) or exit("$error\n");

while ($relay = @stream_socket_accept($server, -1)) {
    stream_set_timeout($relay, 86400);
    while (($line = fgets($relay)) !== false) {
        $message = json_decode($line);
        echo $line; // the work; answer when it is done for good
        fwrite($relay, json_encode(['ack' => $message->id]) . "\n");
    }
    fclose($relay);
}
