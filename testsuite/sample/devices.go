package sample

// browser is a browser on a computer or phone, as posthog-js sees it.
type browser struct {
	name             string
	version          float64
	os, osVersion    string
	deviceType       string
	userAgent        string
	screenW, screenH int64
	viewW, viewH     int64
}

var browsers = []browser{
	{
		"Chrome", 148, "Mac OS X", "10.15.7", "Desktop",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36",
		1728, 1117, 1728, 992,
	},
	{
		"Chrome", 147, "Windows", "10", "Desktop",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36",
		1920, 1080, 1920, 945,
	},
	{
		"Safari", 19.4, "Mac OS X", "10.15.7", "Desktop",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.4 Safari/605.1.15",
		1512, 982, 1440, 860,
	},
	{
		"Mobile Safari", 19.4, "iOS", "19.4.1", "Mobile",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.4 Mobile/15E148 Safari/604.1",
		393, 852, 393, 660,
	},
	{
		"Chrome", 148, "Android", "15", "Mobile",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36",
		412, 915, 412, 778,
	},
	{
		"Firefox", 151, "Windows", "10", "Desktop",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:151.0) Gecko/20100101 Firefox/151.0",
		2560, 1440, 2560, 1291,
	},
	{
		"Microsoft Edge", 148, "Windows", "10", "Desktop",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36 Edg/148.0.0.0",
		1536, 864, 1536, 730,
	},
	{
		"Firefox", 150, "Linux", "", "Desktop",
		"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
		1920, 1200, 1850, 1053,
	},
}

// phone is a phone or tablet as the mobile SDKs see it.
type phone struct {
	manufacturer, model, name, deviceType string
	os, osVersion                         string
	width, height                         float64
	density                               float64 // Android alone reports it
}

var applePhones = []phone{
	{"Apple", "iPhone15,2", "iPhone", "Mobile", "iOS", "18.6.2", 393, 852, 0},
	{"Apple", "iPhone15,4", "iPhone", "Mobile", "iOS", "19.4.1", 393, 852, 0},
	{"Apple", "iPhone16,1", "iPhone", "Mobile", "iOS", "19.4.1", 393, 852, 0},
	{"Apple", "iPhone17,2", "iPhone", "Mobile", "iOS", "19.5", 440, 956, 0},
	{"Apple", "iPhone12,8", "iPhone", "Mobile", "iOS", "17.7.2", 375, 667, 0},
	{"Apple", "iPhone14,5", "iPhone", "Mobile", "iOS", "19.3", 390, 844, 0},
	{"Apple", "iPad13,18", "iPad", "Tablet", "iPadOS", "18.6", 820, 1180, 0},
	{"Apple", "iPad14,3", "iPad", "Tablet", "iPadOS", "19.4", 834, 1194, 0},
	{"Apple", "arm64", "iPhone 17 Pro", "Mobile", "iOS", "19.5", 402, 874, 0},
}

var androidPhones = []phone{
	{"Google", "Pixel 7a", "lynx", "Mobile", "Android", "15", 411.42858, 838.0952, 2.625},
	{"Google", "Pixel 9", "tokay", "Mobile", "Android", "16", 411.42858, 860.1905, 2.625},
	{"samsung", "SM-S918B", "dm3q", "Mobile", "Android", "15", 384, 784, 2.8125},
	{"samsung", "SM-A146M", "a14xm", "Mobile", "Android", "14", 411.42858, 857.5238, 2.625},
	{"samsung", "SM-X710", "gts9wifi", "Tablet", "Android", "14", 800, 1232, 2},
	{"Xiaomi", "23053RN02A", "heat", "Mobile", "Android", "13", 392.72726, 805.4545, 2.75},
	{"motorola", "moto g54 5G", "cancunf", "Mobile", "Android", "14", 411.42858, 846.0952, 2.625},
	{"Google", "sdk_gphone64_arm64", "emu64a", "Mobile", "Android", "16", 411.42858, 866.2857, 2.625},
}

// appVersions are the releases in use, as (version, build).
var appVersions = [][2]string{{"5.12.0", "1201"}, {"5.12.1", "1203"}, {"5.11.3", "1188"}, {"5.9.0", "1142"}, {"4.30.2", "1027"}}

const (
	appName      = "Tidepool Studio"
	appNamespace = "com.example.tidepool"
	webHost      = "studio.example.com"
	apiHost      = "https://e.example.com"
	projectToken = "phc_sampleSampleSampleSampleSampleSampleSample1" //nolint:gosec // the public token of a project that does not exist
)
