//! BitGo's Go Network.
